"""What collars and LoRaWAN servers send: bytes → Upload | Rejected, one format a file. Pure."""

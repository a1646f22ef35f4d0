"""The register's edge."""

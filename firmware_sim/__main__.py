"""`python -m firmware_sim`: collars that measure and send until told to stop."""

import sys

from firmware_sim.app import main

sys.exit(main())

"""`python -m herdbook`: what was registered reaches pipeline and gateways."""

import sys

from herdbook.app import main

sys.exit(main())

"""`python -m read_models`: the projectors."""

import sys

from read_models.app import main

sys.exit(main())

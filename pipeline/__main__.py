"""`python -m pipeline` runs one worker."""

import sys

from pipeline.app import main

sys.exit(main())

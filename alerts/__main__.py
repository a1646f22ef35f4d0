"""`python -m alerts`: detections become cases that people work on."""

import sys

from alerts.app import main

sys.exit(main())

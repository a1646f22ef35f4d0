"""`python -m api`: REST and the socket."""

import sys

from api.app import main

sys.exit(main())

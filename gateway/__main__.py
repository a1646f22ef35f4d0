"""`python -m gateway` is the gateway, `python -m gateway clock` is herd-clock."""

import sys

from gateway.app import clock_main, main

USED_WRONGLY = 2

match sys.argv[1:]:
    case []:
        sys.exit(main())
    case ["clock"]:
        sys.exit(clock_main())
    case wrong:
        sys.stderr.write(f"{wrong}: expected nothing (the gateway) or `clock` (herd-clock)\n")
        sys.exit(USED_WRONGLY)

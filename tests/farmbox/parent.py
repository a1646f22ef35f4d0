"""A parent to be killed: starts a box, tells its children's process ids, and waits.

Run as `python tests/farmbox/parent.py DATA_DIRECTORY`.
"""

import json
import signal
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from farmbox.box import Box


def main() -> None:
    """Print {service: pid} as one line, then wait for a signal."""
    with Box(Path(sys.argv[1]), mqtt_port=None) as box:
        pids = {name: service.pid for name, service in box.services.items()}
        sys.stdout.write(json.dumps(pids) + "\n")
        sys.stdout.flush()
        signal.pause()


if __name__ == "__main__":
    main()

"""`python -m tests.gateway.second_clock GROUP`: herd-clock in a consumer group of its own.

So it owns all partitions beside the farm's own herd-clock, which nothing but a stopped and revived
member does otherwise, and only for a moment.
"""

import sys
from functools import partial

from gateway import app
from gateway.adapters.clock_log import KafkaClockLog

if __name__ == "__main__":
    vars(app)["KafkaClockLog"] = partial(KafkaClockLog, group=sys.argv[1])
    sys.exit(app.clock_main())

"""What a test of an exporter or sidecar needs: a clock, a scrape that can be asked, a process.

with started([sys.executable, "mail_exporter.py", "--web.listen-address=127.0.0.1:0"]) as mail:
    assert mail.scrape().value("mail_queue_depth", queue="in") == 3
"""

from pillion.testing.clock import Clock
from pillion.testing.process import Answer, Started, started
from pillion.testing.scrape import Scrape

__all__ = ["Answer", "Clock", "Scrape", "Started", "started"]

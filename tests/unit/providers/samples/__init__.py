"""Pages of a few lines, one for each kind: quiet, and with an incident that is open.

Shapes, words and ids are those that were recorded (or documented, where nothing was); the texts
are our own.
"""

from tests.unit.providers.samples.active import ACTIVE
from tests.unit.providers.samples.clouds import CLOUDS
from tests.unit.providers.samples.documents import DOCUMENTS
from tests.unit.providers.samples.sample import Sample, encoded, feed, fetch_of, polled
from tests.unit.providers.samples.statuspages import STATUSPAGES

__all__ = ["SAMPLES", "Sample", "encoded", "feed", "fetch_of", "polled"]

SAMPLES = {sample.kind: sample for sample in (*STATUSPAGES, *CLOUDS, *DOCUMENTS, *ACTIVE)}

"""The figures as Prometheus reads them: what the processes of this machine counted, and what the tables say now."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from complaints import counting
from complaints.operations.readiness import Readiness, readiness


def figures_now() -> bytes:
    """Costs what `readiness` costs, and reading the small files of the counters."""
    registry = CollectorRegistry()
    if counting.folder().is_dir():
        MultiProcessCollector(registry, str(counting.folder()))  # type: ignore[no-untyped-call]
    registry.register(_Now(readiness()))
    return generate_latest(registry)


class _Now(Collector):
    """One series for each number of each finding: gehoor_letters_due, gehoor_heartbeat_sweep_seconds, …"""

    def __init__(self, now: Readiness) -> None:
        self.now = now

    def collect(self) -> Iterator[Metric]:
        yield GaugeMetricFamily("gehoor_ready", "Whether complaints can be taken in", value=int(self.now.is_ready))
        well = GaugeMetricFamily("gehoor_well", "Whether each part is well and in time", labels=["part"])
        for finding in self.now.findings:
            well.add_metric([finding.name], int(finding.is_well))
            for name, number in finding.numbers.items():
                if number is not None:
                    about = f"What /gezond/optijd/ says of {finding.name}"
                    yield GaugeMetricFamily(f"gehoor_{finding.name}_{name}", about, value=number)
        yield well

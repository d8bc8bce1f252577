"""What a server did and how much waits, as Prometheus reads it. No label tells of a person, a book or an address."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

import extractor
from extractor.errors import StoreError
from extractor.store import Store
from extractor.store.counting import Counts, count

_COUNTED_EVERY = 60.0
"""Seconds for which counts of the database are kept, however often they are asked for."""
_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0)


class Metrics:
    """The figures of one server. Safe to share between threads.

    Args:
        store: counted when somebody asks; its answers and errors are counted as they come, in this process.
    """

    def __init__(self, store: Store) -> None:
        # When each series began: as many lines again, and Prometheus does not use them.
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self._requests = Counter(
            "extractor_requests",
            "Requests answered, by method, pattern of the address and status.",
            ("method", "route", "status"),
            registry=self._registry,
        )
        self._seconds = Histogram(
            "extractor_request_seconds",
            "Seconds from a request to the end of its answer, by pattern of the address.",
            ("route",),
            buckets=_BUCKETS,
            registry=self._registry,
        )
        self._answers = Counter(
            "extractor_answers", "Rows of the history of fields written by this server.", ("action",),
            registry=self._registry,
        )  # fmt: skip
        self._errors = Counter(
            "extractor_database_errors", "Errors of the database, by kind.", ("kind",), registry=self._registry
        )
        self._registry.register(_Waiting(store))
        store.watch(
            wrote=lambda action: self._answers.labels(action).inc(),
            failed=lambda kind: self._errors.labels(kind).inc(),
        )

    def observe(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request."""
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def text(self) -> bytes:
        """All figures, in the text format of Prometheus."""
        return generate_latest(self._registry)


class _Waiting(Collector):
    """What stands in the database, counted at most once a minute."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._counts: Counts | None = None
        self._counted_at = -_COUNTED_EVERY

    def collect(self) -> Iterator[Metric]:
        """The gauges; those of the database are missing where it does not answer."""
        version = GaugeMetricFamily("extractor_version", "Version of the server; always 1.", labels=("version",))
        version.add_metric((extractor.__version__,), 1)
        yield version
        counts = self._now()
        yield GaugeMetricFamily(
            "extractor_database_up", "Whether the database answered.", value=float(counts is not None)
        )
        if counts is None:
            return
        yield GaugeMetricFamily("extractor_open_tasks", "Fields that wait for a person.", value=counts.open_tasks)
        for name, help_text, label, values in (
            ("extractor_pages", "Pages in the database, by what became of them.", "status", counts.pages),
            ("extractor_jobs", "Jobs, by state.", "state", counts.jobs),
        ):
            family = GaugeMetricFamily(name, help_text, labels=(label,))
            for value, number in values.items():
                family.add_metric((value,), number)
            yield family

    def _now(self) -> Counts | None:
        with self._lock:
            if time.monotonic() - self._counted_at >= _COUNTED_EVERY:
                try:
                    self._counts = count(self._store)
                except StoreError:
                    return None
                self._counted_at = time.monotonic()
            return self._counts

"""Pages over many machines, on Ray: one warm pipeline a worker, results kept by the machine that gives out the work.

Workers hold nothing that matters: scans and forms are sent to them, and what they make of a page comes back whole, goes
into the output folder and the database here, and counts only then. A worker, a machine or the whole cluster can be lost
at any moment; the pages it had are read again, by another worker or by the next run.
"""

from extractor.cluster.pages import ClusterOptions, process_pages_on_cluster

__all__ = ["ClusterOptions", "process_pages_on_cluster"]

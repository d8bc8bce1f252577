import os
import sys

import pytest

SMALL = {"object_store_memory": 100 * 2**20}


@pytest.fixture(scope="session")
def machines():
    """A real Ray cluster of three nodes on this machine: a head that reads nothing, and two with a processor each."""
    cluster_utils = pytest.importorskip("ray.cluster_utils")
    before = dict(os.environ)
    # Workers are processes of the cluster's nodes: they find what the tests find.
    os.environ["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
    # Beside other tests, processes that step back for everybody would wait for ever.
    os.environ.update(RAY_USAGE_STATS_ENABLED="0", RAY_worker_niceness="0")
    made = None
    try:
        try:
            made = cluster_utils.Cluster(
                initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False, **SMALL}
            )
            for _ in range(2):
                made.add_node(num_cpus=1, **SMALL)
        except Exception as error:  # Ray's own processes did not come up, which says nothing of ours
            pytest.skip(f"no Ray cluster could be started here ({type(error).__name__}: {str(error)[:200]})")
        made.small = SMALL
        yield made
    finally:
        if made is not None:
            made.shutdown()
        os.environ.clear()
        os.environ.update(before)

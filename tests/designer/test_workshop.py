"""The workshop beside the server: order, progress, errors that tell nothing of a page, a process that dies."""

import os
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from extractor.errors import StoreError
from extractor.review.designer.workshop import Workshop, WorkshopError


def double(number):
    return 2 * number


def fail():
    raise ValueError("Họ tên: Lò Thị Mẫu")


def refuse():
    raise StoreError("The picture is missing.", mend="Run again.")


def die():
    os._exit(1)


@pytest.fixture
def beside():
    return Workshop(lambda: ThreadPoolExecutor(1))


def finished(workshop, name, owner=1):
    while not (job := workshop.job(name, owner)).done:
        threading.Event().wait(0.01)
    return job.results


def test_work_is_done_in_order_and_one_failure_is_one_result(beside):
    name = beside.begin(1, [(double, (1,)), (refuse, ()), (double, (3,))])
    first, second, third = finished(beside, name)
    assert (first, third) == (2, 6)
    assert isinstance(second, WorkshopError) and second.message == "The picture is missing."


def test_an_unforeseen_error_tells_nothing_of_the_page(beside, caplog):
    with pytest.raises(WorkshopError) as told:
        beside.ask(fail)
    assert "Mẫu" not in str(told.value) + caplog.text
    assert "ValueError" in caplog.text


def test_a_job_is_its_persons_own_and_ends_when_another_begins(beside):
    held = threading.Event()
    first = beside.begin(1, [(held.wait, ()), (double, (1,))])
    assert beside.job(first, 2) is None
    second = beside.begin(1, [(double, (2,))])
    held.set()
    assert finished(beside, second) == [4]
    assert beside.job(first, 1).cancelled


def test_a_process_that_dies_is_replaced():
    workshop = Workshop()
    with pytest.raises(WorkshopError):
        workshop.ask(die)
    assert workshop.ask(double, 4) == 8
    workshop.close()

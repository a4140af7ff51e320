"""What is said when a job fails; the job itself is tried on a cluster, in tests/test_engines/test_spark_run.py."""

from __future__ import annotations

import pytest

from features.errors import BatchError, ColumnError
from serving.batch.spark_run import told


def test_a_package_that_executors_lack_is_named() -> None:
    with pytest.raises(BatchError, match=r"scipy.* got one without scipy\. To mend it: install it there") as caught, told():
        raise RuntimeError("Traceback: member 0042\nModuleNotFoundError: No module named 'scipy'\n")
    assert "0042" not in str(caught.value)


def test_what_failed_is_told_in_one_line() -> None:
    with pytest.raises(BatchError, match="got Job aborted due to stage failure") as caught, told():
        raise RuntimeError("Job aborted due to stage failure.\nmember 0042")
    assert "0042" not in str(caught.value)


def test_our_own_errors_stay() -> None:
    with pytest.raises(ColumnError), told():
        raise ColumnError("a rule", "a value", "a way out")

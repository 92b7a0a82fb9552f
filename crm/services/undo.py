"""Undoes merges: single, a bulk run, or with the later ones that stand in the way."""

from crm.models import CustomerMerge, CustomerMergeRun


def undo_merge(
    merge: CustomerMerge, *, actor: str, reason: str = "", with_later: bool = False, remember: bool = True
) -> list[CustomerMerge]:
    """Give every customer of the merge back what was theirs; what came later stays with whom it belongs to.

    Args:
        with_later: undo later merges that stand in the way too, the latest first.
        remember: write down that they are not the same.
    Returns:
        The merges undone, the latest first.
    Raises:
        UndoRefused: a later merge stands in the way; MergeRefused: it is undone already; CustomersBusy.
    """
    raise NotImplementedError


def undo_run(run: CustomerMergeRun, *, actor: str, reason: str = "", remember: bool = True) -> list[CustomerMerge]:
    """Undo every merge of a bulk run that is not undone yet, the latest first, all or nothing.

    Raises:
        UndoRefused: a later merge outside the run stands in the way.
    """
    raise NotImplementedError

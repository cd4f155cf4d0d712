"""Let nbval compare outputs that were committed without an execution count."""


def pytest_collection_modifyitems(items):
    for item in items:
        cell = getattr(item, "cell", None)
        # nbval takes a cell without a count for one that never ran. Counts are not committed: they change with
        # every edit above the cell.
        if cell is not None and cell.get("outputs") and cell.execution_count is None:
            cell.execution_count = 0

import pytest


@pytest.fixture
def short_fields(monkeypatch):
    """Fields are cut eight times earlier than for users: what fills every field of a report costs that much less."""
    monkeypatch.setattr("diagkit.outputs.rendering.FIELD_CAP", 1024)

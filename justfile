# The default is what CI runs.
test *ARGS:
    python3 tests/run.py {{ARGS}}

# Rewrite recorded expectations (probe cases, golden outputs); read the diff before you commit it.
update:
    .venv/bin/pytest tests/probes tests/outputs --update

# Ratios against peers and limits, printed.
bench:
    for b in tests/bench/*.py; do .venv/bin/python "$b"; done

# Tighten the lock to the newest versions that the floors allow.
lock:
    .venv/bin/pip install --quiet uv
    .venv/bin/uv pip compile --universal --generate-hashes --no-emit-index-url --no-annotate --no-header --extra test --upgrade --quiet pyproject.toml -o requirements.lock

"""Opens a model file with Python's safetensors package and says what is in it.

Usage: check-model-file.py MODEL [MODEL ...]

An independent reader of the format: it must accept every file that this project writes. Exits with 0 when all files
open, with 1 when one does not, and with 0 and a message when the package is not installed.
"""

import sys


def main(paths):
    try:
        from safetensors import safe_open
    except ImportError:
        print("check-model-file: skipped, Python's safetensors package is not installed", file=sys.stderr)
        return 0
    try:
        import numpy  # noqa: F401  (safe_open hands out NumPy arrays)
    except ImportError:
        print("check-model-file: skipped, NumPy is not installed", file=sys.stderr)
        return 0
    failed = 0
    for path in paths:
        try:
            with safe_open(path, framework="numpy") as file:
                names = list(file.keys())
                numbers = sum(file.get_tensor(name).size for name in names)
                keys = sorted(file.metadata() or {})
            print(f"{path}: {len(names)} tensors, {numbers} numbers, metadata {', '.join(keys)}")
        except Exception as error:
            print(f"{path}: {error}", file=sys.stderr)
            failed = 1
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

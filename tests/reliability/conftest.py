"""What tests of single rooms work with is at hand here as well."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "recorded"))

"""The classics net by net: lines of ours, parameters of both, how far apart the outputs are."""

from __future__ import annotations

from tests.classics.comparison import CLASSICS, EXAMPLES, compare, lines


def main() -> None:
    """Prints the table."""
    print(f"{'net':24} {'lines':>5} {'parameters':>12} {'torchvision':>12} {'difference':>11}")
    for classic in CLASSICS:
        found = compare(classic)
        row = f"{found.params:>12,} {found.torchvision_params:>12,} {found.difference:>11.1e}"
        print(f"{classic.name:24} {lines(EXAMPLES / classic.file):>5} {row}")


if __name__ == "__main__":
    main()

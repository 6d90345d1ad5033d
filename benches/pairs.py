#!/usr/bin/env python3
"""`make bench-pairs BEFORE=binary AFTER=binary`: a first load by two binaries, in turns on one machine.

    python3 pairs.py --before BINARY --plimsoll BINARY --venv DIR [--rows 500000] [--pairs 7]

The table is that of first_load.py, and so is the sink that throws the parts away. Printed: the median of each, and of the ratios of the pairs,
for the client's CPU, the server's CPU, the time and the peak memory. A pair is one load by each, the first of them in turns.
"""

import statistics

from harness import TABLE, Source, arguments, environment, measure, project, sink, stack


def main():
    parser = arguments(__doc__, rows=500_000)
    parser.add_argument("--before", required=True, help="the binary to compare with")
    parser.add_argument("--pairs", type=int, default=7)
    args = parser.parse_args()
    rows = args.rows
    with stack(args.venv, "pg") as info, sink() as stub, project() as folder:
        source = Source(info)
        print(f"making {rows:,} rows", flush=True)
        source.sql(TABLE.format(rows=rows))

        def load(binary):
            command = [binary, "resync", "--table", "bench", "--json"]
            return measure(source, command, env=environment(source, stub, stub), cwd=folder)

        binaries = {"before": args.before, "after": args.plimsoll}
        for binary in binaries.values():
            load(binary)
        found = {name: [] for name in binaries}
        for number in range(args.pairs):
            names = list(binaries) if number % 2 == 0 else list(reversed(binaries))
            for name in names:
                found[name].append(load(binaries[name]))
            print(f"pair {number + 1}", flush=True)
    print(f"\n{rows:,} rows, {args.pairs} pairs\n\n| | before | after | median of the ratios |\n| --- | --- | --- | --- |")
    for what, of, form in [
        ("client CPU µs/row", lambda m: m.client / rows * 1e6, "{:.3f}"),
        ("server CPU µs/row", lambda m: m.server / rows * 1e6, "{:.3f}"),
        ("wall s", lambda m: m.wall, "{:.2f}"),
        ("peak MiB", lambda m: m.rss, "{:.1f}"),
    ]:
        before, after = ([of(m) for m in found[name]] for name in binaries)
        ratios = [a / b for b, a in zip(before, after)]
        cells = [form.format(statistics.median(before)), form.format(statistics.median(after)), f"{statistics.median(ratios):.3f}"]
        print(f"| {what} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()

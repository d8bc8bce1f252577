"""Vietnamese Registers: a benchmark of how well engines read the country's civil-status registers.

``benchmarks/README.md`` tells what is measured, by which rules, and how to take part;
``benchmarks/registers_bench.py`` is the command.
"""

"""Prints the samples, vital signs and receipts of a stored record as JSON."""
import gzip, hashlib, itertools, json, sys

LETTERS = {"provoker": "f", "ageing": "a"}


def steps(column, n):
    first, unit = column.get("first", 0), column.get("unit", 1)
    return list(itertools.accumulate((s * unit for s in column["steps"]), initial=first))


def offsets(column, n):
    return [d and d * column.get("unit", 1) for d in column["from"]]


def words(column, n):
    return [column["words"][i] for i in column.get("rows", [0] * n)]


def values(column, n):
    if isinstance(column, list):
        return column
    return (steps if "steps" in column else offsets if "from" in column else words)(column, n)


def full_nonce(short, head):
    if short[0] == "=":
        return short[1:]
    letter, number = short[0], int(short[1:])
    key = f"benchrun.schedule/v1\nseed {head['seed']}\nscenario {head['scenario']}\n".encode()
    block = hashlib.sha256(key).digest() + letter.encode().ljust(8, b"\0") + number.to_bytes(8, "big")
    return f"{short}-{hashlib.sha256(block).hexdigest()[:8]}"


def rows(line, head):
    n, kind = line.pop("rows"), line.pop("k")
    columns = {name: values(column, n) for name, column in line.items()}
    for i in range(n):
        row = {name: column[i] for name, column in columns.items()}
        if kind == "samples":
            row.setdefault("due", 0)
            for time, since in (("sent", "due"), ("done", "sent")):
                after = row.get(time)
                row[time] = 0 if after is None else (row[since] or row["due"]) + after
            row["nonce"] = row.get("nonce") or LETTERS.get(row["role"], "v") + str(row.get("seq", 0))
        if "nonce" in row:
            row["nonce"] = full_nonce(row["nonce"], head)
        if "cpu_ns" in row:
            row["cpu_s"] = row.pop("cpu_ns") / 1e9
        yield row


found = {"samples": [], "vitals": [], "receipts": []}
with gzip.open(sys.argv[1], "rt", encoding="utf-8") as lines:
    head = json.loads(next(lines))
    for line in map(json.loads, lines):
        if line["k"] in found:
            found[line["k"]] += rows(line, head)
json.dump(found, sys.stdout)

#!/usr/bin/env python3
"""Renews the generated part of established.tsv from public ticker files. Python standard library only.

    renew.py [--until MONTH] [--replace] [--output TSV] FILE[@MONTH] ...

FILE is CSV with a header, or JSON: a list of objects, an object with such a list, or an object of names by symbol.
Columns are found by their usual names (symbol, ticker; name; date_added, first_trade, listed, date ...). Coins without
a date get MONTH (2024-04): the month by which all coins of that file had traded. Without both the file is refused.

Lines above "## generated" are written by hand and kept. A coin that stands there by ticker and name is left out below.
Generated lines of before are kept too, unless --replace is given. Of two dates for one coin the earlier one counts.
Coins that traded only after --until are left out.
"""
import argparse
import csv
import datetime
import json
import pathlib
import re
import sys

MARK = "## generated"
SYMBOL = ("symbol", "ticker", "code", "base", "base_asset", "baseasset")
NAME = ("name", "full_name", "fullname", "project", "coin_name", "currency")
DATE = ("first_trade", "first_trading_date", "first_historical_data", "date_added", "added", "listed", "listing_date",
        "onboarddate", "launch_date", "started", "date", "month")


class Refused(Exception):
    pass


def first(row, names):
    return next((row[name] for name in names if row.get(name) not in (None, "")), None)


def month(value):
    """The month of a date, a month or a Unix time in seconds or milliseconds; None if it is none of these."""
    text = str(value or "").strip()
    if re.fullmatch(r"\d{9,13}", text):
        seconds = int(text) / (1000 if len(text) > 10 else 1)
        return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).strftime("%Y-%m")
    found = re.match(r"(20\d\d)-(0[1-9]|1[0-2])(?!\d)", text)
    return found.group() if found else None


def rows(path):
    text = path.read_text(encoding="utf-8-sig")
    if path.suffix.lower() != ".json":
        return list(csv.DictReader(text.splitlines()))
    value = json.loads(text)
    if isinstance(value, dict):
        nested = next((part for part in value.values() if isinstance(part, list)), None)
        if nested is None:
            value = [{"symbol": symbol, "name": name} if isinstance(name, str) else {"symbol": symbol, **name}
                     for symbol, name in value.items()]
        else:
            value = nested
    return value


def coins(argument):
    """(symbol, name, month) of every usable row of FILE[@MONTH]."""
    name, _, default = argument.partition("@")
    if default and month(default) != default:
        raise Refused(f"{argument}: {default} is no month like 2024-04")
    path = pathlib.Path(name)
    found, undated = [], 0
    for row in rows(path):
        row = {str(key).strip().lower().replace(" ", "_"): value for key, value in row.items()}
        symbol = str(first(row, SYMBOL) or "").strip().upper()
        title = " ".join(str(first(row, NAME) or "").split())
        if not re.fullmatch(r"[A-Z0-9]{1,12}", symbol) or not 1 < len(title) <= 40 or "|" in title:
            continue
        traded = month(first(row, DATE)) or default
        if traded:
            found.append((symbol, title, traded))
        else:
            undated += 1
    if undated or not found:
        raise Refused(f"{path}: {undated} coins without a date; write {path}@MONTH" if undated else f"{path}: no coins")
    return found


def key(symbol, name):
    return symbol, re.sub(r"[\W_]+", "", name.lower())


def renew(old, found, until, replace):
    hand, _, generated = old.partition(MARK)
    hand = hand.rstrip("\n").splitlines()
    if not replace:
        kept = (line.split(" ", 2) for line in generated.splitlines()[1:])
        found = found + [(symbol, name, traded) for symbol, traded, name in kept]
    known = set()
    for line in hand:
        fields = line.split(" ", 2)
        if len(fields) == 3 and not line.startswith("#"):
            known.update(key(fields[0], name) for name in fields[2].split("|"))
    best = {}
    for symbol, name, traded in found:
        at = key(symbol, name)
        if at[1] and at not in known and (not until or traded <= until):
            if at not in best or traded < best[at][2]:
                best[at] = (symbol, name, traded)
    lines = [f"{symbol} {traded} {name}" for symbol, name, traded in sorted(best.values())]
    note = f"{MARK} by renew.py: a coin counts as established if both ticker and name agree"
    return "\n".join([*hand, note, *lines]) + "\n", len(lines)


def main():
    here = pathlib.Path(__file__).with_name("established.tsv")
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--until", metavar="MONTH")
    parser.add_argument("--replace", action="store_true")
    parser.add_argument("--output", metavar="TSV", type=pathlib.Path, default=here)
    parser.add_argument("files", nargs="+", metavar="FILE[@MONTH]")
    arguments = parser.parse_args()
    try:
        found = [coin for argument in arguments.files for coin in coins(argument)]
        text, count = renew(arguments.output.read_text(encoding="utf-8"), found, arguments.until,
                            arguments.replace)
    except (Refused, OSError, ValueError) as error:
        print(f"renew.py: {error}", file=sys.stderr)
        return 1
    arguments.output.write_text(text, encoding="utf-8")
    print(f"{count} generated lines in {arguments.output}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

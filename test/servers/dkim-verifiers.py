"""Judges messages with dkimpy. stdin: {"files": [...], "dns": {name: text}}; stdout: one list of verdicts, for each file "pass" or the reason, by signature."""
import json
import sys

import dkim

question = json.load(sys.stdin)


def text_record(name, timeout=5):
    return question["dns"].get(name.decode().rstrip("."), "").encode() or None


def verdict(judge, index):
    try:
        return "pass" if judge.verify(idx=index, dnsfunc=text_record) else "fail"
    except dkim.DKIMException as error:
        return str(error)


def verdicts(path):
    with open(path, "rb") as file:
        judge = dkim.DKIM(file.read(), minkey=1024)
    count = sum(1 for name, _ in judge.headers if name.lower() == b"dkim-signature")
    return [verdict(judge, index) for index in range(count)]


json.dump([verdicts(path) for path in question["files"]], sys.stdout)

"""A Diff in a notebook: a table that says in words what agrees, with all text escaped."""

import xml.etree.ElementTree as ElementTree
from dataclasses import replace

import labkit
from labkit.view.diff_table import diff_html


def traces():
    lab = labkit.scenarios.veth_pair()
    return lab.trace("ns1", "192.168.50.2"), labkit.scenarios.veth_pair().trace("ns1", "192.168.50.2", ttl=9)


def test_agreement_is_said_in_the_caption_and_in_every_row():
    predicted, _ = traces()
    table = diff_html(predicted.diff(predicted))
    assert "same: " in table and table.count("= same") == len(predicted.sightings) and table.startswith("<details><summary>")


def test_a_difference_shows_both_sides_and_what_to_doubt():
    predicted, observed = traces()
    table = diff_html(predicted.diff(observed))
    assert table.startswith("<details open='open'><summary>")
    assert "! header" in table and "ttl 64" in table and "ttl 9" in table and "doubt: " in table


def test_a_packet_that_only_one_side_saw_is_not_seen_on_the_other():
    predicted, _ = traces()
    shorter = replace(predicted, steps=predicted.steps[:-4])
    assert "− missing" in diff_html(predicted.diff(shorter)) and "+ extra" in diff_html(shorter.diff(predicted))


def test_names_that_are_markup_stay_text():
    predicted, _ = traces()
    steps = tuple(replace(step, namespace="<img onerror>") for step in predicted.steps)
    table = diff_html(predicted.diff(replace(predicted, steps=steps)))
    assert "<img" not in table and "&lt;img onerror&gt;" in table
    ElementTree.fromstring(table)

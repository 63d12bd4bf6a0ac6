"""Names beside chart ids: on this screen, in no file, for nobody else."""

from __future__ import annotations

import http.client
import threading
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from outcomes.cli import main
from outcomes.errors import DataContractError
from outcomes.report.on_screen import NamedPages, read_names, with_names

PAGE = '<p><span class="chart">p&amp;1</span> and <span class="chart">p2</span>, p&amp;1</p>'


def test_a_name_stands_before_its_chart_and_is_escaped() -> None:
    named = with_names(PAGE, {"p&1": "Ann <b>"})
    assert 'Ann &lt;b&gt; (<span class="chart">p&amp;1</span>)' in named
    assert named.count("Ann") == 1  # text that only looks like an id stays
    assert '<span class="chart">p2</span>' in named


@pytest.mark.parametrize(
    "content",
    ["id,name\n", "patient,who\np1,Ann\n", "id,name\np1,\n", "id,name\np1,Ann\np1,Eve\n"],
)
def test_a_list_that_is_none_is_refused_without_a_name(tmp_path: Path, content: str) -> None:
    path = tmp_path / "names.csv"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(DataContractError) as caught:
        read_names(path)
    assert "Ann" not in str(caught.value)


def test_a_list_from_a_spreadsheet_is_read(tmp_path: Path) -> None:
    path = tmp_path / "names.csv"
    path.write_text("\ufeffid,name\np1, Ann Lee \n", encoding="utf-8")
    assert read_names(path) == {"p1": "Ann Lee"}


def test_names_never_go_outside(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "names.csv"
    path.write_text("id,name\np1,Ann\n", encoding="utf-8")
    told = ["report", "--audience", "outside", "--names", str(path), "--out", str(tmp_path / "o")]
    assert main(told) == 2
    assert "Names stay inside" in capsys.readouterr().err
    assert not (tmp_path / "o").exists()


def test_the_page_of_a_therapist_never_goes_outside(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "o"
    told = ["report", "--for", "therapist", "--audience", "outside", "--out", str(out)]
    assert main(told) == 2
    assert "stays inside" in capsys.readouterr().err
    assert not out.exists()


def test_only_who_has_the_address_sees_names_and_no_browser_keeps_them() -> None:
    with NamedPages({"The day": PAGE}, {"p2": "Ann"}) as shown:
        thread = threading.Thread(target=shown.serve, daemon=True)
        thread.start()
        try:
            with urllib.request.urlopen(shown.address, timeout=5) as answer:
                assert "Ann" in answer.read().decode()
                assert answer.headers["Cache-Control"] == "no-store"
                assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
            where = urlsplit(shown.address)
            assert where.hostname == "127.0.0.1"
            for path in ("/", "/wrong/", where.path + "7"):
                with pytest.raises(urllib.error.HTTPError):
                    urllib.request.urlopen(f"http://127.0.0.1:{where.port}{path}", timeout=5)
            asked = http.client.HTTPConnection("127.0.0.1", where.port or 0, timeout=5)
            asked.request("GET", where.path, headers={"Host": "elsewhere.example"})
            assert asked.getresponse().status == 404
        finally:
            shown.stop()
            thread.join(timeout=5)

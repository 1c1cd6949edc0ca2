from tests.view.readme_picture import PICTURE, drawn


def test_the_picture_in_the_readme_is_what_the_lab_draws_today():
    assert PICTURE.read_text(encoding="utf-8") == drawn(), "redraw it: python -m tests.view.readme_picture"

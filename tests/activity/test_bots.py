import pytest

from activity.bots import Rules


@pytest.mark.parametrize(
    ("name", "email"),
    [
        ("dependabot[bot]", "49699333+dependabot[bot]@users.noreply.github.com"),
        ("Renovate Bot", "bot@renovateapp.com"),
        ("renovate", "renovate@corp.example"),
        ("Jenkins", "jenkins@corp.example"),
        ("Release bot", "release@corp.example"),
        ("Someone", "ci@corp.example"),
        ("GitHub", "noreply@github.com"),
        ("deploy-bot", "x@corp.example"),
        ("github-actions", "actions@corp.example"),
        ("pre-commit-ci", "ci-account@corp.example"),
        ("hugoreleaser", "bep+hugoreleaser@x.example"),
        ("ImgBotApp", "help@x.example"),
        ("web-flow", "19864447+web-flow@users.noreply.github.com"),
    ],
)
def test_machines(name, email):
    assert Rules().is_bot(name, email)


@pytest.mark.parametrize(
    ("name", "email"),
    [
        ("Ada Abbot", "ada.abbot@corp.example"),
        ("George Talbot", "talbot@corp.example"),
        ("Kim Jenkins", "kim.jenkins@corp.example"),
        ("Bottas Robotham", "bottas@corp.example"),
        ("Ada", "1234+ada@users.noreply.github.com"),
        ("Cecil Talbot", "talbotc@robotics.example"),
        ("", ""),
    ],
)
def test_people(name, email):
    assert not Rules().is_bot(name, email)

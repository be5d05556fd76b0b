import datetime as dt

from django.utils import timezone

from sync import schedule

NOW = timezone.now()


def seconds_after(**quiet):
    return schedule.regular_delay(NOW - dt.timedelta(**quiet), NOW).total_seconds()


class TestRegularDelay:
    def test_active_often_dormant_rarely_within_the_settings(self, settings):
        settings.SYNC_MIN_SECONDS, settings.SYNC_MAX_SECONDS = 300, 21_600
        assert 270 <= seconds_after(minutes=5) <= 330
        assert 3000 <= seconds_after(hours=20) <= 4000
        assert 19_440 <= seconds_after(days=400) <= 23_760

    def test_a_repository_without_history_is_dormant(self, settings):
        settings.SYNC_MAX_SECONDS = 1000
        assert schedule.regular_delay(None, NOW).total_seconds() >= 900

    def test_no_two_repositories_keep_the_same_beat(self):
        assert len({seconds_after(days=9) for _ in range(20)}) == 20


class TestRetryDelay:
    def test_soon_grows_to_six_hours_and_never_beyond(self):
        for attempt, ceiling in [(1, 60), (2, 120), (5, 960), (9, 15_360), (10, 21_600), (500, 21_600)]:
            delays = [schedule.retry_delay(attempt, soon=True).total_seconds() for _ in range(50)]
            assert min(delays) >= 10 and max(delays) <= ceiling
            assert max(delays) > ceiling / 3

    def test_hopeless_waits_six_to_twenty_four_hours(self):
        for attempt in (1, 2, 3, 50):
            assert 5.4 * 3600 <= schedule.retry_delay(attempt, soon=False).total_seconds() <= 24 * 3600

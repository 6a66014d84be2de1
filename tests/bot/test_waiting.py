import asyncio

from bot.waiting import wait_for_news


async def test_an_end_that_comes_together_with_news_is_an_end():
    news = asyncio.Event()

    async def wait_for_ever() -> None:
        while True:
            news.clear()
            await wait_for_news(news, 60)

    waiting = asyncio.ensure_future(wait_for_ever())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    news.set()
    waiting.cancel()
    done, _ = await asyncio.wait({waiting}, timeout=5)
    assert done == {waiting}
    assert waiting.cancelled()


async def test_news_and_time_end_the_waiting():
    news = asyncio.Event()
    await wait_for_news(news, 0)
    news.set()
    await wait_for_news(news, 60)
    assert news.is_set()

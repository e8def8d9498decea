"""A page of the service in a browser, and what was heard of it."""


def opened(browser, url: str, *, width: int = 1200, **options):
    """A page that remembers what it asked for and complained about, as ``heard``."""
    page = browser.new_page(viewport={"width": width, "height": 900}, reduced_motion="reduce", **options)
    page.heard = []
    page.on("request", lambda asked: page.heard.append(asked.url))
    page.on("console", lambda message: page.heard.append(f"says {message.text}"))
    page.on("pageerror", lambda error: page.heard.append(f"fails {error}"))
    page.goto(url)
    return page


def foreign(page, url: str) -> list[str]:
    """What was heard beyond requests to the service itself."""
    return [heard for heard in page.heard if not heard.startswith((url, "blob:", "data:"))]

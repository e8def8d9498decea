"""Scripts that ask a page in the browser what scrolls, and how far its texts stand out."""

WATCH_SCROLLERS = """
() => {
  window.scrollers = [...document.querySelectorAll("body *")].filter(element =>
    element.scrollWidth > element.clientWidth + 1 && /auto|scroll/.test(getComputedStyle(element).overflowX));
  window.reached = new Set();
  addEventListener("focusin", event => reached.add(event.target));
  return document.querySelectorAll("a, input, summary, [tabindex]").length;
}
"""

# Contrast as WCAG 2 defines it, of each text with what lies behind it.
CONTRASTS = """
() => {
  const numbers = text => (text.match(/rgba?\\([^)]*\\)/g) || []).map(colour => colour.match(/[\\d.]+/g).map(Number));
  const luminance = ([r, g, b]) => [r, g, b].map(part => part / 255)
    .map(part => part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
    .reduce((sum, part, place) => sum + part * [0.2126, 0.7152, 0.0722][place], 0);
  const behind = element => {
    for (let at = element; at; at = at.parentElement) {
      const style = getComputedStyle(at);
      const found = numbers(style.backgroundImage + style.backgroundColor).filter(colour => colour[3] !== 0);
      if (found.length) return found;
    }
    return [[255, 255, 255]];
  };
  const texts = [...document.querySelectorAll("body *")].filter(element =>
    [...element.childNodes].some(node => node.nodeType == 3 && node.data.trim()) && element.checkVisibility());
  return texts.map(element => {
    const ink = luminance(numbers(getComputedStyle(element).color)[0]);
    const ratios = behind(element).map(luminance)
      .map(paper => (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05));
    return [element.innerText.slice(0, 40), Math.min(...ratios)];
  });
}
"""

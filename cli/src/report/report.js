// Tables sort by a click on a head: the largest number or the first name on top, then the other way round.
for (const head of document.querySelectorAll("th")) {
  head.firstChild.addEventListener("click", () => {
    const number = head.classList.contains("number");
    const first = number ? "descending" : "ascending";
    const order = head.ariaSort === first ? (number ? "ascending" : "descending") : first;
    for (const other of head.parentNode.children) other.ariaSort = null;
    head.ariaSort = order;
    const sign = order === "ascending" ? 1 : -1;
    const body = head.closest("table").tBodies[0];
    const key = (row) => row.cells[head.cellIndex].textContent;
    const compare = number
      ? (a, b) => key(a).replaceAll(",", "") - key(b).replaceAll(",", "")
      : (a, b) => key(a).localeCompare(key(b));
    body.append(...[...body.rows].sort((a, b) => sign * compare(a, b)));
  });
}

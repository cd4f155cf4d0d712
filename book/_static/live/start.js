// Loads page.js. A classic script, because a browser refuses module scripts in a page opened as a file, and
// then somebody must say why nothing moves.
{
  const { src } = document.currentScript;
  const explain = (sentence) => {
    for (const note of document.querySelectorAll(".dlcore-widget__note")) note.textContent = sentence;
  };
  if (location.protocol === "file:") {
    explain(
      "The controls are missing, because browsers start no Python in a page opened as a file; " +
        "open the book through a web server."
    );
  } else {
    import(new URL("page.js", src)).catch((error) => {
      console.error(error);
      explain("The controls are missing, because a part of this page was not loaded; load the page again.");
    });
  }
}

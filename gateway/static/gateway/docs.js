// Shows the API's own document; "Authorize" takes an API key or a token.
window.addEventListener("load", () => {
  SwaggerUIBundle({
    url: "/api/schema",
    dom_id: "#docs",
    deepLinking: true,
    displayRequestDuration: true,
    validatorUrl: null,
  });
});

/** What a template does that it may not, or this package can't: the message names the construct. */
export class TemplateError extends Error {}

/** The template itself can't be parsed. */
export class TemplateSyntaxError extends TemplateError {}

/** A construct of Jinja that is lawful and that this package doesn't have. */
export class UnsupportedError extends TemplateError {
  constructor(construct: string) {
    super(`${construct} isn't supported by this package`);
  }
}

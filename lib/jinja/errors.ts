/** An operation of a template that is not allowed or not supported. The message names the construct. */
export class TemplateError extends Error {}

/** The template itself cannot be parsed. */
export class TemplateSyntaxError extends TemplateError {}

/** A valid construct of Jinja that this package does not support. */
export class UnsupportedError extends TemplateError {
  constructor(construct: string) {
    super(`${construct} is not supported`);
  }
}

import type { NodeKind } from '../../graph-file/schema';
import { glyphCorners, type Pen, type ShapeStyle, type Stroke, type TextStyle } from './pen';

export const fontFamily = 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif';

/** Draws on a canvas. Shapes with the same style share one path. */
export class CanvasPen implements Pen {
  readonly #context: CanvasRenderingContext2D;

  constructor(context: CanvasRenderingContext2D) {
    this.#context = context;
  }

  glyphs(kind: NodeKind, points: ArrayLike<number>, radius: number, style: ShapeStyle): void {
    const context = this.#context;
    const corners = glyphCorners(kind);
    context.beginPath();
    for (let i = 0; i < points.length; i += 2) {
      const x = points[i];
      const y = points[i + 1];
      if (!corners) {
        context.moveTo(x + radius, y);
        context.arc(x, y, radius, 0, 2 * Math.PI);
        continue;
      }
      corners.forEach(([dx, dy], corner) => {
        if (corner === 0) context.moveTo(x + dx * radius, y + dy * radius);
        else context.lineTo(x + dx * radius, y + dy * radius);
      });
      context.closePath();
    }
    this.#finish(style);
  }

  rect(x: number, y: number, width: number, height: number, style: ShapeStyle, corner = 0): void {
    this.#context.beginPath();
    this.#context.roundRect(x, y, width, height, corner);
    this.#finish(style);
  }

  curve(points: readonly number[], stroke: Stroke): void {
    const context = this.#context;
    const [x, y, ...rest] = points;
    context.beginPath();
    context.moveTo(x, y);
    if (rest.length === 6) context.bezierCurveTo(rest[0], rest[1], rest[2], rest[3], rest[4], rest[5]);
    else context.lineTo(rest[0], rest[1]);
    this.#stroke(stroke);
  }

  text(text: string, x: number, y: number, { size, colour, align = 'start', turn = 0, bold }: TextStyle): void {
    const context = this.#context;
    context.save();
    context.translate(x, y);
    context.rotate((turn * Math.PI) / 180);
    context.font = `${bold ? '600 ' : ''}${size}px ${fontFamily}`;
    context.textAlign = align === 'middle' ? 'center' : align;
    context.fillStyle = colour;
    context.fillText(text, 0, 0);
    context.restore();
  }

  #finish({ fill, fillOpacity = 1, stroke }: ShapeStyle): void {
    if (fill) {
      this.#context.globalAlpha = fillOpacity;
      this.#context.fillStyle = fill;
      this.#context.fill();
      this.#context.globalAlpha = 1;
    }
    if (stroke) this.#stroke(stroke);
  }

  #stroke({ colour, width, opacity = 1, dash = [] }: Stroke): void {
    const context = this.#context;
    context.globalAlpha = opacity;
    context.strokeStyle = colour;
    context.lineWidth = width;
    context.setLineDash(dash as number[]);
    context.stroke();
    context.globalAlpha = 1;
    context.setLineDash([]);
  }
}

// SPDX-License-Identifier: EUPL-1.2
import { print } from "./print.ts";

class Shape {
  readonly name: string;
  private count = 0;
  constructor(name: string) {
    this.name = name;
  }
  describe(): string {
    this.count += 1;
    return `${this.name}${this.count}`;
  }
  static make(name: string): Shape {
    return new Shape(name);
  }
}
const shape = Shape.make("s");
print(shape.describe(), shape.describe());
print(shape instanceof Shape, shape.name, Object.keys(shape).join());

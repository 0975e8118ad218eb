// Pictures as numbers in [0, 1], rows first and channels last, and as pixels of a canvas.

const GREY = [0.299, 0.587, 0.114]; // of red, green and blue, as Pillow converts them

/** Puts numbers `[1, height, width, 1 or 3]` into a canvas, pixel by pixel; the style sheet enlarges. */
export function paint(canvas, numbers, [, height, width, channels]) {
  [canvas.width, canvas.height] = [width, height];
  const pixels = new ImageData(width, height);
  for (let pixel = 0; pixel < width * height; pixel++) {
    for (let colour = 0; colour < 3; colour++) {
      pixels.data[4 * pixel + colour] = 255 * numbers[pixel * channels + (channels === 3 ? colour : 0)];
    }
    pixels.data[4 * pixel + 3] = 255;
  }
  canvas.getContext("2d").putImageData(pixels, 0, 0);
}

/** The numbers of a part of a canvas that has the size of `shape`. */
export function numbersOf(canvas, [, height, width, channels], left = 0, top = 0) {
  const { data } = canvas.getContext("2d").getImageData(left, top, width, height);
  const numbers = new Float32Array(height * width * channels);
  for (let pixel = 0; pixel < width * height; pixel++) {
    const colours = data.subarray(4 * pixel, 4 * pixel + 3);
    if (channels === 3) numbers.set(colours, 3 * pixel);
    else numbers[pixel] = Math.round(GREY.reduce((sum, weight, colour) => sum + weight * colours[colour], 0));
  }
  return numbers.map((value) => value / 255);
}

/** Draws an image into a canvas, as training pictures are prepared: centre-cropped, resized, white behind it. */
export function fit(canvas, image) {
  const width = image.naturalWidth ?? image.videoWidth ?? image.width;
  const height = image.naturalHeight ?? image.videoHeight ?? image.height;
  const scale = Math.max(canvas.width / width, canvas.height / height);
  const [across, down] = [canvas.width / scale, canvas.height / scale];
  const context = canvas.getContext("2d");
  context.fillStyle = "white";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.imageSmoothingQuality = "high"; // averages where it makes smaller
  context.drawImage(image, (width - across) / 2, (height - down) / 2, across, down, 0, 0, canvas.width, canvas.height);
}

"""Images: files, Pillow's objects and arrays."""

from ..utils import array_to_img as array_to_img
from ..utils import img_to_array as img_to_array
from ..utils import load_img as load_img
from ..utils import save_img as save_img
from ..utils.image_utils import smart_resize as smart_resize

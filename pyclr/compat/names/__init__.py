"""What TensorFlow spells or means differently from pyclr: the modules that `facade.TREE` names."""

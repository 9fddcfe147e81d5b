# node-gyp-build and prebuildify only know how to call node-gyp; this hands over to the CMake build.
{
  'targets': [
    {
      'target_name': 'cmake_js',
      'type': 'none',
      'actions': [
        {
          'action_name': 'cmake-js',
          'inputs': ['CMakeLists.txt'],
          'outputs': ['<(PRODUCT_DIR)/circuit_tracer.node'],
          'action': ['node', '<(module_root_dir)/scripts/build.js', '<(PRODUCT_DIR)'],
        },
      ],
    },
  ],
}

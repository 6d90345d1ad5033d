-- table demo.app.shop_item: id INT64, project_id INT64, label STRING, price NUMERIC
-- table demo.app_staging.shop_item__RUN: _plimsoll_op STRING, id INT64, project_id INT64, label STRING, price NUMERIC
MERGE `demo.app.shop_item` AS T
USING `demo.app_staging.shop_item__RUN` AS S
ON T.`id` = S.`id`
WHEN MATCHED AND S.`_plimsoll_op` = 'D' THEN DELETE
WHEN MATCHED AND S.`_plimsoll_op` = 'U' AND (T.`project_id` IS DISTINCT FROM S.`project_id` OR T.`label` IS DISTINCT FROM S.`label` OR T.`price` IS DISTINCT FROM S.`price`) THEN UPDATE SET T.`project_id` = S.`project_id`, T.`label` = S.`label`, T.`price` = S.`price`
WHEN NOT MATCHED AND S.`_plimsoll_op` = 'U' THEN INSERT (`id`, `project_id`, `label`, `price`) VALUES (S.`id`, S.`project_id`, S.`label`, S.`price`)
WHEN NOT MATCHED BY SOURCE THEN DELETE
